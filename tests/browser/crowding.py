"""What a strict eye would find on a page: words that run out of their card, are cut with no way to read them
whole, or lie on or against each other."""

from __future__ import annotations

from playwright.sync_api import Page

_FOUND = """(frames) => {
    const named = ({ tagName, className, textContent }) => (
        `${tagName.toLowerCase()}.${className} "${textContent.trim().slice(0, 40)}"`);
    const NOT_READ = '.visually-hidden, caption, [hidden], svg, script, style';
    const clips = (style) => style.overflowX !== 'visible' || style.overflowY !== 'visible';
    const scrolls = (style) => /auto|scroll/.test(style.overflowX + style.overflowY);
    const seen = (node) => {
        const style = getComputedStyle(node);
        return style.visibility === 'visible' && !node.closest(NOT_READ)
            && !(node.closest('details:not([open])') && !node.closest('summary'));
    };
    /* The lines of a node's own words, as far as those around it let them be seen. */
    function lines(node) {
        const boxes = [];
        for (const child of node.childNodes) {
            if (child.nodeType !== 3 || !child.data.trim()) continue;
            const range = document.createRange();
            range.selectNodeContents(child);
            boxes.push(...range.getClientRects());
        }
        return boxes;
    }
    const faults = new Set();
    for (const frame of document.querySelectorAll(frames)) {
        const edge = frame.getBoundingClientRect();
        if (!edge.width) continue;
        const { widget, widgetId } = frame.dataset;
        const about = frame.getAttribute('aria-label') || widget || widgetId || frame.className;
        const words = [];
        for (const node of frame.querySelectorAll('*')) {
            if (!seen(node)) continue;
            for (const line of lines(node)) {
                let box = { left: line.left, right: line.right, top: line.top, bottom: line.bottom };
                let scrolled = false;
                for (let around = node; around !== frame.parentElement; around = around.parentElement) {
                    const style = getComputedStyle(around);
                    scrolled ||= scrolls(style);
                    if (!clips(style)) continue;
                    const limit = around.getBoundingClientRect();
                    if (!scrolled && line.right > limit.right + 1.5 && !node.closest('[title]')) {
                        faults.add(`${about}: cut, and nothing says the whole: ${named(node)}`);
                    }
                    box = { left: Math.max(box.left, limit.left), right: Math.min(box.right, limit.right),
                        top: Math.max(box.top, limit.top), bottom: Math.min(box.bottom, limit.bottom) };
                }
                if (box.right - box.left < 1 || box.bottom - box.top < 3) continue;
                if (box.right > edge.right + 1 || box.left < edge.left - 1 || box.bottom > edge.bottom + 1) {
                    faults.add(`${about}: out of its card: ${named(node)}`);
                }
                words.push([node, box]);
            }
        }
        words.forEach(([one, a], index) => words.slice(index + 1).forEach(([other, b]) => {
            if (one.contains(other) || other.contains(one)) return;
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (down <= 4 || across <= -2) return;
            if (across <= 1 && one.parentElement === other.parentElement) return;  // Words of one sentence.
            const how = across > 1 ? 'lies on' : 'touches';
            faults.add(`${about}: ${named(one)} ${how} ${named(other)}`);
        }));
    }
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth + 1) faults.add(`the page is ${page.scrollWidth} wide`);
    return [...faults];
}"""


def crowded(page: Page, frames: str = ".card-x, .slot .widget") -> list[str]:
    """The faults within each of these frames, and of the page as a whole."""
    found: list[str] = page.evaluate(_FOUND, frames)
    return found
