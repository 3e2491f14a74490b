select source, id from events
