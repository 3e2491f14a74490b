-- A database that is refused stays as it was found: its log is not put into the tables when it is closed.
pragma disable_checkpoint_on_shutdown
