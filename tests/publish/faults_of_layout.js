// What does not fit on a wall, as a list of sentences: what scrolls, what is cut off, what is too small for six metres, and
// what lies over something else.
(() => {
  const faults = [], pen = document.createElement("canvas").getContext("2d"), root = document.documentElement;
  if (root.scrollHeight > innerHeight || root.scrollWidth > innerWidth) {
    faults.push(`the page is ${root.scrollWidth} x ${root.scrollHeight}`);
  }
  const inside = (rect, box) => rect.left >= box.left - 1 && rect.right <= box.right + 1
    && rect.top >= box.top - 1 && rect.bottom <= box.bottom + 1;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const of = text.parentElement, where = `${text.data} in ${of.localName}.${of.className}`;
    if (!text.data.trim() || !of.checkVisibility() || of.closest(".spoken, svg, noscript, dialog")) continue;
    texts += 1;
    const range = document.createRange(), style = getComputedStyle(of);
    range.selectNodeContents(text);
    const boxes = [{ left: 0, top: 0, right: innerWidth, bottom: innerHeight }];
    for (let up = of; up; up = up.parentElement) {
      if (getComputedStyle(up).overflow !== "visible") boxes.push(up.getBoundingClientRect());
    }
    for (const rect of range.getClientRects()) {
      if (!boxes.every((box) => inside(rect, box))) faults.push(`clipped: ${where}`);
    }
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const capital = pen.measureText("H").actualBoundingBoxAscent;
    if (capital < innerHeight / 150) faults.push(`too small: ${where}: ${capital}`);
  }
  const parts = [...document.querySelectorAll("header, main > section, .tile, #alerts > li, tbody tr")]
    .filter((one) => one.checkVisibility());
  for (const one of parts) for (const other of parts) {
    if (one === other || one.contains(other) || other.contains(one)) continue;
    const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
    const apart = a.left >= b.right - 1 || b.left >= a.right - 1 || a.top >= b.bottom - 1 || b.top >= a.bottom - 1;
    if (!apart) faults.push(`${one.className} lies over ${other.className}`);
  }
  if (texts < 60) faults.push(`only ${texts} texts`);
  return faults;
})()
