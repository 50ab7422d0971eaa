"""The pages of the report, one concept a file: each turns a case into flowables and nothing where it has nothing."""
