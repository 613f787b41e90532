"""The live shell: Faust, aiokafka, transactions. What it composes is pure; what is here is order, time and faults."""
