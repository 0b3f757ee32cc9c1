"""Arrays in, Plotly figures out. Colours and fonts come from the app's theme; Plotly is imported on first use."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


CROWDED = 1.25  # times as many components: nearer marks have no number, which the page's words and the pointer tell


class Match(NamedTuple):
    """A model's SSE, and how many components PCA needs to reach it; None where all that there are do not."""

    label: str
    sse: float
    components: int | None

    @property
    def met(self) -> bool:
        """Whether the two meet on a logarithmic axis, which has no 0: there the mean image does as well."""
        return bool(self.components)


def pca_curve(curve: NDArray[np.float64], matches: Sequence[Match]) -> Figure:
    """PCA's SSE against its number of components, and from each model's SSE a line to where the two meet, if they do.

    `curve` is (m + 1,), entry k for k of the m >= 1 components.
    """
    from plotly.graph_objects import Figure, Scatter

    longest = min(len(curve) - 1, max([50, *(2 * match.components for match in matches if match.components)]))
    k = np.arange(1, longest + 1)
    mode = "lines" if longest > 1 else "markers"
    figure = Figure(Scatter(x=k, y=curve[k], name="PCA", mode=mode, hovertemplate="%{x} numbers: SSE %{y:.2f}"))
    for match in matches:
        label = escape(match.label).replace("%", "&#37;")  # Plotly reads HTML, and its own %{...}
        if not match.met:
            figure.add_scatter(
                x=[1, longest], y=[match.sse, match.sse], name=label, mode="lines",
                line={"dash": "dot", "width": 1.5}, hovertemplate=f"{label}: SSE {match.sse:.2f}",
            )  # fmt: skip
            continue
        figure.add_scatter(
            x=[1, match.components, match.components],
            y=[match.sse, match.sse, 0],
            name=label,
            mode="lines+markers+text",
            text=["", "" if _crowded(match, matches) else str(match.components), ""],
            textposition="top right",
            cliponaxis=False,
            line={"dash": "dot", "width": 1.5},
            marker={"size": [0, 8, 0], "opacity": 1},  # a mark where they meet, none at the ends
            hovertemplate=f"{label}: SSE {match.sse:.2f} = PCA with {match.components}",
        )
    figure.update_xaxes(
        title="numbers in the code, k", type="log", tickvals=_ticks(longest), range=[0, np.log10(max(longest, 2))]
    )
    figure.update_yaxes(title="SSE (sum over pixels, mean over images)", rangemode="tozero")
    return _plain(figure)


def _crowded(match: Match, matches: Sequence[Match]) -> bool:
    """Whether another model's mark stands so near on the logarithmic axis that numbers would run together."""
    marks = [other.components for other in matches if other is not match and other.components]
    return any(CROWDED > mark / match.components > 1 / CROWDED for mark in marks) if match.components else False


def _ticks(longest: int) -> list[int]:
    return [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500) if tick <= longest]


def _plain(figure: Figure) -> Figure:
    """The shared look: the legend above, no more margin than the labels need."""
    return figure.update_layout(
        height=380,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hoverlabel={"namelength": 0},
    )
