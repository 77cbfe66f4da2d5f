"""Who the customers are: parties, billing accounts, subscriptions over time."""
