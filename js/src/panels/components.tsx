/** Which columns of a wide embedding are the axes. */
import type { Store } from "../state/store";
import { parameterOf } from "../table";
import { Refused } from "./messages";
import { usePageId } from "./use-page-id";

const MOST = 100;
const AXES = ["x", "y", "z"] as const;

export function Components({ store }: { store: Store }) {
  const id = usePageId();
  const embedding = store.embedding.value;
  const parameter = parameterOf(store.options.value, "components");
  if (!parameter || !embedding || embedding.width < 3) return null;
  const { components, width } = embedding;
  const columns = Array.from({ length: Math.min(width, MOST) }, (_, i) => i + 1);

  /** Two axes of the same column change places. */
  function choose(axis: number, column: number): void {
    const next = [...components];
    const other = next.indexOf(column);
    if (column === 0) next.length = 2;
    else {
      if (other >= 0 && next[axis] !== undefined) next[other] = next[axis];
      next[axis] = column;
    }
    store.set("components", next);
  }

  return (
    <div class="vw-field" title={parameter.help}>
      <span class="vw-field-name">{parameter.title}</span>
      <div class="vw-axes">
        {AXES.map((axis, i) => (
          <select
            key={axis}
            id={`${id}-${axis}`}
            class="vw-select"
            aria-label={`component on ${axis}`}
            title={axis === "z" ? "Column of the third axis; none draws on the plane." : `Column of the ${axis} axis.`}
            value={components[i] ?? 0}
            onChange={(event) => choose(i, Number(event.currentTarget.value))}
          >
            {axis === "z" && <option value={0}>–</option>}
            {columns
              .filter((column) => axis !== "z" || column === components[2] || !components.slice(0, 2).includes(column))
              .map((column) => (
                <option key={column} value={column}>
                  {column}
                </option>
              ))}
          </select>
        ))}
      </div>
      <Refused store={store} traits={["components"]} />
    </div>
  );
}
