"""The same core over files, without Kafka: reading -> ordering -> running -> writing, each a stage of its own."""
