"""What keeps child processes that read hostile input from doing harm."""
