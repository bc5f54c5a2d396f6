console.debug("x");
