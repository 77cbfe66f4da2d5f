"""Exchange rates: dated, exact rationals."""

from mypy_extensions import i64

from rating.calendar import FAR_MS


class ExchangeRate:
    """One unit of ``source`` is ``numerator``/``denominator`` of ``target`` in [from, until)."""

    def __init__(
        self,
        source: str,
        target: str,
        numerator: int,
        denominator: int,
        valid_from_ms: i64 = 0,
        valid_until_ms: i64 = FAR_MS,
        place: str = "",
    ) -> None:
        self.source = source
        self.target = target
        self.numerator = numerator
        self.denominator = denominator
        self.valid_from_ms = valid_from_ms
        self.valid_until_ms = valid_until_ms
        self.place = place


class ExchangeRates:
    """All rates; of those of a pair that are valid at an instant the one that began last holds."""

    def __init__(self, rates: list[ExchangeRate] | None = None) -> None:
        self.pairs: dict[str, dict[str, list[ExchangeRate]]] = {}
        for rate in [] if rates is None else rates:
            self.pairs.setdefault(rate.source, {}).setdefault(rate.target, []).append(rate)
        for targets in self.pairs.values():
            for dated in targets.values():
                dated.sort(key=lambda rate: -rate.valid_from_ms)

    def rate_at(self, source: str, target: str, at_ms: i64) -> ExchangeRate | None:
        """The rate from one currency to another at an instant; there is no way through a third."""
        targets = self.pairs.get(source)
        if targets is None:
            return None
        dated = targets.get(target)
        if dated is not None:
            for rate in dated:
                if rate.valid_from_ms <= at_ms < rate.valid_until_ms:
                    return rate
        return None
