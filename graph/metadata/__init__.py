"""What an atlas says about itself: ontology, shapes, statistics, VoID and DCAT description."""
