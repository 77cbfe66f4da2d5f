"""The gateways: Gy traffic of many subscribers against any charging server, every answer checked."""
