/** The messages that both sides check, as they would arrive. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Kind, MessageKind, ResultOf, Stage } from "../../js/src/protocol";
import { decode } from "../../js/src/wire";

const FOLDER = fileURLToPath(new URL("../fixtures/protocol/", import.meta.url));

export interface Fixture {
  header: { kind: string } & Record<string, unknown>;
  buffers: DataView[];
}

export function fixtureNames(): string[] {
  return readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ""));
}

export function fixture(name: string): Fixture {
  const { header, buffers } = JSON.parse(readFileSync(`${FOLDER}${name}.json`, "utf8"));
  return { header, buffers: buffers.map(fromBase64) };
}

/** The example, read as the widget reads it. */
export function message<K extends Kind>(name: string, kind: K): MessageKind<K> {
  const { header, buffers } = fixture(name);
  const read = decode(header, buffers);
  if (read.kind !== kind) throw new Error(`${name} is of kind ${read.kind}.`);
  return read as MessageKind<K>;
}

/** The example of a result. */
export function result<S extends Stage>(stage: S): ResultOf<S> {
  return message(`result-${stage}`, "result") as ResultOf<S>;
}

/** Hashes of every stage; those of the examples' results are of version 7. */
export function hashes(version: number): Record<string, string> {
  const stages = Object.keys(message("status", "status").hashes);
  return Object.fromEntries(stages.map((stage) => [stage, `${stage}-${version}`]));
}

function fromBase64(text: string): DataView {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return new DataView(bytes.buffer);
}
