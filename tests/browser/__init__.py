"""The whole product in a real browser: phones, desks, a service and a worker."""
