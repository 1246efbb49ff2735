// SPDX-License-Identifier: GPL-3.0-or-later
//
// A card opens its chart, Esc goes back to the card, and all charts are open on
// paper. Without a script the cards are links and the charts open by hand.
(function () {
  "use strict";

  const cards = Array.from(document.querySelectorAll("a[id^='card-']"));
  const charts = Array.from(document.querySelectorAll("details.chart"));

  function chartOf(card) {
    return document.getElementById(card.getAttribute("aria-controls"));
  }

  function mark(chart) {
    for (const other of charts) {
      other.classList.toggle("current", other === chart);
    }
  }

  function show(chart) {
    if (!chart) {
      return;
    }
    chart.open = true;
    mark(chart);
    chart.querySelector("summary").focus({ preventScroll: true });
    chart.scrollIntoView({ block: "nearest" });
  }

  function tell(chart) {
    for (const card of cards) {
      if (chartOf(card) === chart) {
        card.setAttribute("aria-expanded", String(chart.open));
      }
    }
  }

  for (const card of cards) {
    card.addEventListener("click", function (event) {
      event.preventDefault();
      show(chartOf(card));
    });
    card.addEventListener("keydown", function (event) {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        show(chartOf(card));
      }
    });
  }

  for (const chart of charts) {
    tell(chart);
    chart.addEventListener("toggle", function () {
      tell(chart);
    });
    for (const link of chart.querySelectorAll(".flows a")) {
      link.addEventListener("click", function (event) {
        event.preventDefault();
        show(document.getElementById(link.hash.slice(1)));
      });
    }
  }

  document.addEventListener("keydown", function (event) {
    const chart = document.activeElement.closest("details.chart");
    const card = cards.find((one) => chart && chartOf(one) === chart);
    if (event.key !== "Escape" || !chart) {
      return;
    }
    mark(null);
    if (card) {
      card.focus();
      card.scrollIntoView({ block: "nearest" });
    } else {
      document.activeElement.blur();
    }
  });

  let wereOpen = [];
  window.addEventListener("beforeprint", function () {
    wereOpen = charts.filter((chart) => chart.open);
    for (const chart of charts) {
      chart.open = true;
    }
  });
  window.addEventListener("afterprint", function () {
    for (const chart of charts) {
      chart.open = wereOpen.includes(chart);
    }
  });
})();
