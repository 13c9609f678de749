"""Ablations that the papers ran: where tokens leave, what tells them, in which shape. What is measured is a pure function of the config."""
