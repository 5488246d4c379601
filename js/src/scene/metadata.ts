/** What a picture shows, in the file of it: for whoever finds the file later. */
import type { About } from "../state/caption";

const SOFTWARE = "velowidget";
const CSS_PIXELS_PER_METRE = 96 / 0.0254;
/** Signature and the chunk that every PNG begins with; others follow. */
const PNG_HEAD = 8 + 25;

/** A PNG with so many pixels for each of the screen's, and texts that say what it shows. */
export async function describedPng(png: Blob, scale: number, about: About): Promise<Blob> {
  const bytes = new Uint8Array(await png.arrayBuffer());
  return new Blob([bytes.slice(0, PNG_HEAD), ...pngChunks(scale, about), bytes.slice(PNG_HEAD)], { type: "image/png" });
}

/** Resolution, and texts. */
export function pngChunks(scale: number, { caption, settings }: About): Uint8Array<ArrayBuffer>[] {
  const resolution = new Uint8Array(9);
  const view = new DataView(resolution.buffer);
  for (const at of [0, 4]) view.setUint32(at, Math.round(scale * CSS_PIXELS_PER_METRE));
  resolution[8] = 1; // per metre
  return [
    chunk("pHYs", resolution),
    textChunk("Title", caption),
    textChunk("Software", SOFTWARE),
    textChunk("Description", asJson(settings)),
  ];
}

/** The first children of an SVG that say what it shows. */
export function svgMetadata({ caption, settings }: About): string {
  return [
    `<title>${escaped(caption)}</title>`,
    `<desc>${SOFTWARE}</desc>`,
    `<metadata>${escaped(asJson(settings))}</metadata>`,
  ].join("\n");
}

/** In ASCII, which every reader of metadata can read. */
function asJson(settings: About["settings"]): string {
  return JSON.stringify(settings).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** As tEXt, whose characters are Latin 1, or as iTXt, whose are all. */
function textChunk(keyword: string, text: string): Uint8Array<ArrayBuffer> {
  const latin = [...text].every((character) => character >= " " && character <= "\u00ff");
  if (latin) return chunk("tEXt", latin1(`${keyword}\0${text}`));
  const encoded = new TextEncoder().encode(text);
  // Not compressed, and of no language.
  return chunk("iTXt", Uint8Array.of(...latin1(`${keyword}\0\0\0\0\0`), ...encoded));
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(latin1(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** As PNG's specification has it. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Text as it is, without what no XML may hold. */
export function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return [...text]
    .filter((character) => character >= " ")
    .map((character) => entities[character] ?? character)
    .join("");
}
