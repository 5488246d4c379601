// A panel draws into `el` and asks its Python side with `request`. Whatever it throws is shown in its own place.
// `store` has what the widget knows as signals: `.value` is the present value, `.subscribe(f)` calls f now and at changes.
const BINS = 20;
const WIDTH = 400;
const HEIGHT = 90;

export default {
  mount({ el, store, request }) {
    const text = document.createElement("p");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `0 -1 ${WIDTH} ${HEIGHT + 2}`);
    svg.setAttribute("role", "img");
    svg.style.cssText = "display: block; width: 100%; max-width: 480px; border-bottom: 1px solid var(--vw-control-line)";
    el.append(text, svg);

    async function draw() {
      const { payload, arrays } = await request("histogram", { bins: BINS });
      const words = `The likeliest step has a probability of ${payload.mean.toFixed(3)} on average`;
      text.textContent = `${words}; cells by it, from 0 to 1:`;
      svg.setAttribute("aria-label", words);
      const most = Math.max(1, ...arrays.counts);
      svg.replaceChildren(
        ...Array.from(arrays.counts, (count, i) => {
          const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
          const height = (HEIGHT * count) / most;
          bar.setAttribute("x", (i * WIDTH) / BINS + 1);
          bar.setAttribute("y", HEIGHT - height);
          bar.setAttribute("width", WIDTH / BINS - 2);
          bar.setAttribute("height", height);
          bar.setAttribute("fill", "var(--vw-accent)"); // the widget's colours, in dark and light
          const tip = document.createElementNS("http://www.w3.org/2000/svg", "title");
          tip.textContent = `${(i / BINS).toFixed(2)} to ${((i + 1) / BINS).toFixed(2)}: ${count} cells`;
          bar.append(tip);
          return bar;
        }),
      );
    }

    // Each time that everything is computed; an answer that fails is shown by the widget.
    return store.status.subscribe((status) => {
      if (status?.state === "ready") draw().catch(() => {});
    });
  },
};
