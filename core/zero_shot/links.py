"""The survey's links with what is known of each. Visits none of them: a link that is
archived must not be, and of the others nobody has said that they answer.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

NOT_CHECKED: Mapping[str, str] = {
    "state": "not checked", "state_since": "", "state_note": "", "state_source": "",
}  # fmt: skip


def with_states(links: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """Give every link the state of the longest prefix that its address begins with.

    >>> links = pd.DataFrame({"url": ["https://a.org/x", "https://b.org"]})
    >>> states = pd.DataFrame({"prefix": ["https://a.org/"], "state": ["archived"],
    ...     "since": ["2025-07"], "note": ["shut down"], "source": ["news"]})
    >>> with_states(links, states)["state"].tolist()
    ['archived', 'not checked']
    """
    known = states.sort_values("prefix", key=lambda p: p.str.len(), ascending=False)
    found = [_state(url, known.to_dict("records")) for url in links["url"]]
    return links.assign(**{name: [one[name] for one in found] for name in NOT_CHECKED})


def distinct(links: pd.DataFrame) -> pd.DataFrame:
    """Return one row a link: all its owners, roles and lines.

    >>> links = pd.DataFrame({"url": ["u", "u"], "owner": ["audit:a", "audit:b"],
    ...     "role": ["paper", "paper"], "note": ["", "DINO"], "line": [1.0, 2.0],
    ...     **NOT_CHECKED})
    >>> distinct(links)[["owners", "lines", "note"]].values.tolist()
    [[('audit:a', 'audit:b'), (1, 2), 'DINO']]
    """
    groups = links.groupby("url", sort=False)
    return groups.agg(
        owners=("owner", tuple),
        role=("role", "first"),
        note=("note", lambda notes: "; ".join(filter(None, dict.fromkeys(notes)))),
        lines=("line", lambda lines: tuple(int(line) for line in lines.dropna())),
        **{name: (name, "first") for name in NOT_CHECKED},
    ).reset_index()


def _state(url: str, known: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    for one in known:
        if url.startswith(one["prefix"]):
            return {
                "state": one["state"],
                "state_since": one["since"],
                "state_note": one["note"],
                "state_source": one["source"],
            }
    return NOT_CHECKED
