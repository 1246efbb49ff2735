#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""page_test.py [--shots FOLDER] PAGE... - each report in a headless Chromium.

It loads without a complaint and asks for nothing but itself; a card opens its
chart by mouse and by keyboard, Esc comes back; no script but its own runs; it
is as wide as a phone; its text has a contrast of 5:1 by day and by night.
"""

import os
import sys

import browser

CONTRAST = 5  # to one, as little as that
PHONE = 390  # pixels wide

# Of every text of the page: its contrast with what lies behind it, the lowest
# first. In the picture that is the last filled shape before it that holds it.
CONTRASTS = """(() => {
  const rgb = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, below) => {
    const a = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map((i) => a * top[i] + (1 - a) * below[i]);
  };
  const light = (c) => {
    const [r, g, b] = c.map((x) => x / 255).map(
      (x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const behind = (e) => {
    const chain = [];
    for (; e; e = e.parentElement) chain.unshift(e);
    return chain.reduce((c, x) =>
      over(rgb(getComputedStyle(x).backgroundColor), c), [255, 255, 255]);
  };
  const holds = (a, b) => {
    const x = (b.left + b.right) / 2, y = (b.top + b.bottom) / 2;
    return a.left <= x && a.right >= x && a.top <= y && a.bottom >= y;
  };
  const painted = (text) => {
    let c = behind(text.ownerSVGElement);
    for (const s of text.ownerSVGElement.querySelectorAll(
        "path, polygon, rect, text")) {
      if (s === text) break;
      const fill = getComputedStyle(s).fill;
      if (s.tagName !== "text" && fill !== "none" &&
          holds(s.getBoundingClientRect(), text.getBoundingClientRect()))
        c = over(rgb(fill), c);
    }
    return c;
  };
  const found = [];
  for (const t of document.querySelectorAll("svg text"))
    if (t.textContent.trim() && t.getClientRects().length)
      found.push([ratio(rgb(getComputedStyle(t).fill), painted(t)),
                  t.textContent]);
  const walker = document.createTreeWalker(document.body,
                                           NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || e.closest("svg, script, style") ||
        !e.getClientRects().length) continue;
    found.push([ratio(rgb(getComputedStyle(e).color), behind(e)), text]);
  }
  return found.sort((a, b) => a[0] - b[0]).slice(0, 3);
})()"""

PLACE = """(() => {
  const card = document.getElementById("card-%d");
  card.scrollIntoView({block: "center"});
  const box = card.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
})()"""

SHOWN = """(() => {
  const chart = document.getElementById("chart-%d");
  const plot = chart.querySelector(".plot") || chart.querySelector("p");
  const box = plot.getBoundingClientRect();
  return chart.open && plot.checkVisibility() && box.height > 10 &&
    box.bottom > 0 && box.top < innerHeight;
})()"""

FRAME = "new Promise((done) => requestAnimationFrame(() => " \
        "requestAnimationFrame(() => done(true))))"


class Checks:
    def __init__(self, page):
        self.page, self.failed = page, 0

    def that(self, holds, what, more=""):
        print(f"{'ok' if holds else 'not ok'}: {self.page}: {what}"
              f"{'' if holds else ' ' + str(more)}")
        self.failed += not holds


def focus(b):
    return b.run("document.activeElement.id")


def by_mouse(b, check, card):
    b.run(f"document.getElementById('chart-{card}').open = false")
    b.click(*b.run(PLACE % card))
    b.run(FRAME)
    check.that(b.run(SHOWN % card), f"a click on card {card} shows its chart")
    check.that(b.run(f"document.getElementById('card-{card}')"
                     ".getAttribute('aria-expanded')") == "true",
               f"card {card} says that it is open")


def by_keyboard(b, check, cards):
    b.run("document.querySelectorAll('details').forEach((d) => "
          "{ d.open = false; }); document.activeElement.blur(); scrollTo(0, 0)")
    for _ in range(len(cards) + 3):
        b.press("Tab", 9)
        if focus(b) == f"card-{cards[-1]}":
            break
    check.that(focus(b) == f"card-{cards[-1]}", "Tab reaches the last card",
               focus(b))
    b.press("Enter", 13)
    b.run(FRAME)
    check.that(b.run(SHOWN % cards[-1]), "Enter shows its chart")
    check.that(b.run(f"document.activeElement.closest('details').id") ==
               f"chart-{cards[-1]}", "and goes there")
    b.press("Escape", 27)
    check.that(focus(b) == f"card-{cards[-1]}", "Esc comes back", focus(b))


def usable(b, check):
    cards = b.run("[...document.querySelectorAll(\"a[id^='card-']\")]"
                  ".map((c) => Number(c.id.slice(5))).sort((x, y) => x - y)")
    charts = b.run("document.querySelectorAll('details.chart').length")
    check.that(charts > 0, "it has charts")
    if b.run("!document.querySelector('.paper svg')"):
        check.that(not cards, "without a picture")
        return
    check.that(cards == list(range(charts)), "each chart has its card", cards)
    for card in cards[:1] + cards[-1:]:
        by_mouse(b, check, card)
    order = b.run("[...document.querySelectorAll(\"a[id^='card-']\")]"
                  ".map((c) => Number(c.id.slice(5)))")
    by_keyboard(b, check, order)


def safe(b, check, page):
    check.that(not b.complaints, "loads without a complaint", b.complaints)
    check.that([r for r in b.requests if not r.endswith(
        os.path.basename(page))] == [], "asks for nothing", b.requests)
    check.that(b.run("document.querySelectorAll('script').length") == 2 and
               b.run("!window.hijacked && document.title !== 'hijacked'"),
               "no script but its own ran")
    check.that(b.run("document.querySelectorAll('iframe, img, object, embed,"
                     " link, form, foreignObject, image, use').length") == 0,
               "nothing but text and drawing")
    check.that(b.run("JSON.parse(document.getElementById('explanation')"
                     ".textContent).schema_version") == 1, "the JSON is whole")


def legible(b, check, shots, name):
    views = (("light", 1280, "light", "screen"), ("dark", 1280, "dark", "screen"),
             ("narrow", 800, "light", "screen"),
             ("phone", PHONE, "light", "screen"),
             ("phone-dark", PHONE, "dark", "screen"),
             ("print", 760, "light", "print"))
    for view, width, scheme, media in views:
        b.look(width, 900, scheme, media)
        b.run(FRAME)
        wide = b.run("document.documentElement.scrollWidth")
        check.that(wide <= width, f"{view}: no wider than {width}", wide)
        lowest = b.run(CONTRASTS)
        check.that(lowest[0][0] >= CONTRAST,
                   f"{view}: contrast {CONTRAST}:1 and more", lowest)
        if shots:
            b.shoot(os.path.join(shots, f"{name}-{view}.png"))


def paper(b, check):
    b.look(760, 900, "light", "print")
    hidden = b.run("[...document.querySelectorAll('details.chart')].filter("
                   "(d) => !(d.querySelector('.plot') || d.querySelector('p'))"
                   ".checkVisibility({contentVisibilityAuto: true})).length")
    check.that(hidden == 0, "on paper all charts are open", hidden)


def check_page(b, page, shots):
    check = Checks(os.path.basename(page))
    b.look()
    b.open(page)
    b.run(FRAME)
    load = b.run("performance.timing.loadEventEnd - "
                 "performance.timing.navigationStart")
    print(f"load: {os.path.basename(page)}: {load} ms, "
          f"{os.path.getsize(page)} bytes")
    safe(b, check, page)
    usable(b, check)
    legible(b, check, shots, os.path.basename(page).rsplit(".", 1)[0])
    paper(b, check)
    check.that(not b.complaints, "no complaint until the end", b.complaints)
    return check.failed


def main(words):
    shots = None
    if words[:1] == ["--shots"]:
        shots, words = words[1], words[2:]
    if not browser.find():
        print("skip: no chromium")
        return 0
    b = browser.Browser()
    try:
        return 1 if sum(check_page(b, page, shots) for page in words) else 0
    finally:
        b.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
