/** How much of each cluster's probability goes where: a picture, a table, and files of both. */
import { useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Dynamics } from "../../dynamics/dynamics";
import type { Groups } from "../../protocol";
import { aboutFlow } from "../../state/caption";
import type { Store } from "../../state/store";
import { parameterOf } from "../../table";
import { Choice } from "../choice";
import { Group, type Own } from "../control";
import { download } from "../download";
import { failureOf } from "../failure";
import { reasonWithoutKernel } from "../kernel";
import { ErrorCard, Refused } from "../messages";
import { standaloneSvg, toPng } from "./files";
import { FlowFigure } from "./flow-figure";
import { FlowTable } from "./flow-table";
import { columnsOf, rowOf, toText } from "./words";

const STALE_MS = 150;

export function FlowPanel({ store, dynamics }: { store: Store; dynamics: Dynamics }) {
  useEffect(() => {
    const stops = [dynamics.want("flow"), dynamics.want("flow_null")];
    return () => {
      for (const stop of stops) stop();
      store.highlight.value = null;
    };
  }, [dynamics, store]);
  const failure = failureOf("flow", store);
  const groups = store.flow.groups.value;
  return (
    <div class="vw-flow">
      <Controls store={store} />
      {failure && <ErrorCard error={failure} />}
      {groups && store.flow.result.value && <Body store={store} groups={groups} />}
      {!failure && !store.flow.result.value && (
        <p class="vw-muted" role="status">
          {reasonWithoutKernel(store) ?? "Waiting for the kernel…"}
        </p>
      )}
    </div>
  );
}

function Controls({ store }: { store: Store }) {
  return (
    <div class="vw-flow-controls" title={reasonWithoutKernel(store) ?? undefined}>
      <Group store={store} group="flow" own={OWN} />
    </div>
  );
}

const OWN: Own = { cluster: Source };

function Source({ store }: { store: Store }) {
  const groups = store.flow.groups.value;
  const { time_key, cluster } = store.traits;
  const parameter = parameterOf(store.options.value, "cluster");
  if (!parameter) return null;
  const offer = (key: string, title: string) => ({ key, title, help: "", reason: null });
  const names = groups?.clusters.filter(({ count }) => count).map(({ name }) => offer(name, name)) ?? [];
  return (
    <Choice
      title={parameter.title}
      help={parameter.help}
      value={cluster.value}
      offers={time_key.value ? names : [offer("", "all"), ...names]}
      onChange={(value) => store.set("cluster", value)}
    >
      <Refused store={store} traits={["cluster"]} />
    </Choice>
  );
}

function Body({ store, groups }: { store: Store; groups: Groups }) {
  const [view, setView] = useState<"picture" | "table">("picture");
  const picture = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const result = store.flow.result.value;
  const { time_key, cluster } = store.traits;
  const overTime = time_key.value !== "";
  const source = sourceOf(groups, cluster.value);
  const minFlow = store.traits.min_flow.value;
  const edges = store.flow.edges.value.filter((edge) => !overTime || edge.source === source);
  const stale = useStale(store);
  const columns = columnsOf(groups);
  const file = ["flow", ...(overTime ? [cluster.value] : []), store.traits.cluster_key.value].join("-");

  const save = async (make: () => Promise<void> | void) => {
    setProblem(null);
    try {
      await make();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const drawn = () => {
    const svg = picture.current?.querySelector("svg");
    const about = aboutFlow(store);
    if (!svg || !about) throw new Error("There is no picture: choose it first.");
    return [svg, about] as const;
  };
  const text = (separator: "," | "\t") =>
    toText(
      edges.map((edge) => rowOf(edge, groups)),
      columns,
      separator,
    );

  return (
    <>
      <div class="vw-flow-bar">
        <div class="vw-flow-tabs">
          <Tab name="Picture" help="Show the picture." isOn={view === "picture"} onClick={() => setView("picture")} />
          <Tab name="Table" help="Show the numbers." isOn={view === "table"} onClick={() => setView("table")} />
        </div>
        {view === "picture" ? (
          <>
            <Button
              name="SVG"
              help="Download the picture as SVG."
              onClick={() =>
                save(() => download(`${file}.svg`, new Blob([standaloneSvg(...drawn())], { type: "image/svg+xml" })))
              }
            />
            <Button
              name="PNG"
              help="Download the picture as PNG."
              onClick={() => save(async () => download(`${file}.png`, await toPng(...drawn())))}
            />
          </>
        ) : (
          <>
            <Button
              name="CSV"
              help="Download the table as CSV."
              onClick={() => save(() => download(`${file}.csv`, new Blob([text(",")], { type: "text/csv" })))}
            />
            <Button
              name="Copy"
              help="Copy the table, to paste it into a spreadsheet."
              onClick={() => save(() => navigator.clipboard.writeText(text("\t")))}
            />
          </>
        )}
      </div>
      {problem && <ErrorCard error={{ message: problem, hint: "" }} onDismiss={() => setProblem(null)} />}
      <p class="vw-caption">{aboutFlow(store)?.caption}</p>
      <div class="vw-flow-body" data-stale={stale} data-generation={result?.generation} ref={picture}>
        {view === "picture" ? (
          <FlowFigure store={store} groups={groups} edges={edges} source={source} minFlow={minFlow} />
        ) : (
          <FlowTable rows={edges.map((edge) => rowOf(edge, groups))} columns={columns} />
        )}
      </div>
    </>
  );
}

function Button(props: { name: string; help: string; onClick: () => void }) {
  return (
    <button type="button" class="vw-button vw-button-small" title={props.help} onClick={props.onClick}>
      {props.name}
    </button>
  );
}

function Tab(props: { name: string; help: string; isOn: boolean; onClick: () => void }): ComponentChildren {
  return (
    <button
      type="button"
      class="vw-button vw-button-small vw-dock-button"
      aria-pressed={props.isOn}
      title={props.help}
      onClick={props.onClick}
    >
      {props.name}
    </button>
  );
}

function sourceOf(groups: Groups, name: string): number | null {
  const found = groups.clusters.findIndex((cluster) => cluster.name === name);
  return found < 0 ? null : found;
}

/** Whether the flow has been that of other parameters for a while. */
function useStale(store: Store): boolean {
  const pending = useComputed(() => {
    const { value: result } = store.flow.result;
    return result !== null && !store.isCurrent(result);
  }).value;
  const lasted = useSignal(false);
  useEffect(() => {
    if (!pending) {
      lasted.value = false;
      return;
    }
    const timer = setTimeout(() => {
      lasted.value = true;
    }, STALE_MS);
    return () => clearTimeout(timer);
  }, [pending, lasted]);
  return lasted.value;
}
