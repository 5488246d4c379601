// Writes js/standalone/index.html: the built widget with a fake model, in one file that needs neither server nor Python.
// Settings are in the query: ?theme=dark&scenario=working&cells=3000&categories=8&color=clusters&field=grid&displays=1
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const text = (path) => readFileSync(at(path), "utf8");
const inScript = (source) => JSON.stringify(source).replaceAll("</", "<\\/");

const page = `<!doctype html>
<meta charset="utf-8">
<title>velowidget</title>
<style>
  body { margin: 0; padding: 16px; background: #fff; font-family: system-ui, sans-serif; }
  body.dark { background: #111; --jp-layout-color0: #111; --jp-ui-font-color0: #fff; }
  .display + .display { margin-top: 24px; }
</style>
<style>${text("../../../velowidget/widget/static/widget.css")}</style>
<script type="module">
  const load = (source) => import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const { default: widget } = await load(${inScript(text("../../../velowidget/widget/static/widget.js"))});
  const { createFakeModel } = await load(${inScript(text("fake-python.js"))});

  const query = new URLSearchParams(location.search);
  document.body.classList.toggle("dark", query.get("theme") === "dark");
  const model = createFakeModel({
    cells: Number(query.get("cells") ?? 3000),
    categories: Number(query.get("categories") ?? 8),
    color: query.get("color") ?? "clusters",
    field: query.get("field") ?? "grid",
    scenario: query.get("scenario") ?? "normal",
  });
  const { initialize, render } = widget();
  const life = new AbortController();
  const exported = initialize({ model, signal: life.signal });
  for (let i = 0; i < Number(query.get("displays") ?? 1); i++) {
    const el = document.createElement("div");
    el.className = "display";
    document.body.append(el);
    render({ el, signal: life.signal });
  }
  Object.assign(window, { model, exported, life });
</script>
`;

mkdirSync(at("../../../js/standalone"), { recursive: true });
writeFileSync(at("../../../js/standalone/index.html"), page);
