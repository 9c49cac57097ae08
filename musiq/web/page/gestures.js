/** Lets a pane be zoomed by wheel, pinch and double click, and moved by dragging. */
export function listenForGestures(pane, zoom) {
  const { frame } = pane;
  const fingers = new Map(); // pointer -> {x, y}
  frame.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 20 : 1;
      zoom.by(
        Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)),
        ...pane.pointAt(event.clientX, event.clientY),
      );
    },
    { passive: false },
  );
  frame.addEventListener("dblclick", (event) => {
    if (zoom.scale > 1) zoom.fit();
    else zoom.by(Math.max(2, 1 / pane.fitted), ...pane.pointAt(event.clientX, event.clientY));
  });
  frame.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    frame.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  frame.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, now);
    if (other) pinch(pane, zoom, before, now, other);
    else drag(pane, zoom, now.x - before.x, now.y - before.y);
  });
  for (const name of ["pointerup", "pointercancel"])
    frame.addEventListener(name, (event) => fingers.delete(event.pointerId));
}

function drag(pane, zoom, x, y) {
  if (zoom.scale <= 1) return;
  zoom.move(-x / pane.stage.offsetWidth, -y / pane.stage.offsetHeight);
}

function pinch(pane, zoom, before, now, other) {
  const distance = (point) => Math.max(10, Math.hypot(point.x - other.x, point.y - other.y));
  drag(pane, zoom, (now.x - before.x) / 2, (now.y - before.y) / 2);
  zoom.by(distance(now) / distance(before), ...pane.pointAt((now.x + other.x) / 2, (now.y + other.y) / 2));
}
