// Runs before the page's own script: each Chinese character becomes a letter of the width of an em, since this machine may
// have no Chinese font; a line may break after it, as after a Chinese character.
const wide = (text) => String(text).replace(/[\u3000-\u9fff\uff00-\uffef]/g, "M\u200b");
const { append } = Element.prototype, { createTextNode } = document;
Element.prototype.append = function (...all) { append.apply(this, all.map((one) => (one instanceof Node ? one : wide(one)))); };
Document.prototype.createTextNode = function (text) { return createTextNode.call(this, wide(text)); };
