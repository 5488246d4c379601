/** Sending and receiving messages over an anywidget model. */
import type { AnyModel } from "@anywidget/types";
import { type Guard, nullable, number, text } from "./guards";
import { createKernel, type Kernel } from "./kernel";
import { type ArraySpec, arraySpec, type Dtype, type Message, type Request, VARIANTS, VERSION } from "./protocol";

export interface Wire {
  /** Send a message, and binary buffers with it; returns the id that its answer will carry. */
  send(request: Request, buffers?: readonly ArrayBufferView[]): string;
  readonly kernel: Kernel;
}

const ARRAY_TYPES = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

/**
 * Listen to Python until the signal is aborted. A message that cannot be read is reported on the console and left out:
 * one bad message must not take the others with it.
 */
export function createWire(model: AnyModel, signal: AbortSignal, receive: (message: Message) => void): Wire {
  // Answers reach every page that shows the widget; the page's own random part keeps ids apart.
  const page = Math.random().toString(36).slice(2, 10);
  let sent = 0;

  const kernel = createKernel(model, () => send({ kind: "ping" }), signal);

  const listen = (content: unknown, buffers: readonly unknown[]) => {
    kernel.heard();
    let message: Message;
    try {
      message = decode(content, buffers ?? []);
    } catch (error) {
      console.warn("[velowidget]", error instanceof Error ? error.message : error);
      return;
    }
    receive(message);
  };
  model.on("msg:custom", listen);
  signal.addEventListener("abort", () => model.off("msg:custom", listen));

  function send(request: Request, buffers?: readonly ArrayBufferView[]): string {
    const id = `${page}-${++sent}`;
    try {
      model.send({ v: VERSION, id, ...request }, callbacksFor(request, kernel), buffers && [...buffers]);
      kernel.sent();
    } catch {
      // Jupyter throws where there is no kernel, or another one.
      kernel.lost();
    }
    return id;
  }
  return { send, kernel };
}

/** How Jupyter tells that the kernel is done with a question, also when it has no answer; other hosts ignore it. */
function callbacksFor(request: Request, kernel: Kernel): unknown {
  if (request.kind !== "ping") return undefined;
  const status = ({ content }: { content: { execution_state: string } }) => {
    if (content.execution_state === "idle") kernel.done();
  };
  return { iopub: { status } };
}

/** Read a message, or throw an error that says why it cannot be read. */
export function decode(content: unknown, buffers: readonly unknown[]): Message {
  const { v, kind, id, generation, arrays: specs = [] } = (content ?? {}) as Record<string, unknown>;
  if (v !== VERSION) throw new Error(`Ignored a message of protocol version ${v}; this is version ${VERSION}.`);
  const variants = VARIANTS.filter((variant) => variant.kind === kind);
  if (!variants.length) throw new Error(`Ignored a message of unknown kind "${kind}".`);
  const found = variants.find((variant) => variant.fields(content));
  if (!found || !isEnvelopePart(text, id) || !isEnvelopePart(number, generation)) {
    throw new Error(`Ignored a "${kind}" message with wrong or missing fields.`);
  }
  const arrays = decodeArrays(specs, buffers);
  for (const [name, dtype] of Object.entries(found.arrays)) {
    if (!(arrays[name] instanceof ARRAY_TYPES[dtype])) {
      throw new Error(`Ignored a "${kind}" message without its ${dtype} array "${name}".`);
    }
  }
  return { ...(content as object), id: id ?? null, generation: generation ?? null, arrays } as Message;
}

function isEnvelopePart<T>(guard: Guard<T>, value: unknown): value is T | null | undefined {
  return value === undefined || nullable(guard)(value);
}

/** Typed views of the buffers, without copying where alignment allows. Byte order is little-endian, as on every browser. */
export function decodeArrays(specs: unknown, buffers: readonly unknown[]): Record<string, ArrayBufferView> {
  if (!Array.isArray(specs) || !specs.every(arraySpec))
    throw new Error("Ignored a message with unreadable array specs.");
  return Object.fromEntries(specs.map((spec, i) => [spec.name, decodeArray(spec, buffers[i])]));
}

function decodeArray({ name, dtype, shape }: ArraySpec, buffer: unknown): ArrayBufferView {
  const bytes = bytesOf(buffer);
  if (!bytes) throw new Error(`Ignored a message without the buffer of "${name}".`);
  const length = shape.reduce((product, n) => product * n, 1);
  const expected = length * ARRAY_TYPES[dtype].BYTES_PER_ELEMENT;
  if (bytes.byteLength !== expected) {
    throw new Error(`Ignored a message whose "${name}" has ${bytes.byteLength} bytes instead of ${expected}.`);
  }
  return typed(dtype, bytes, length);
}

function typed(dtype: Dtype, bytes: Uint8Array<ArrayBuffer>, length: number): ArrayBufferView {
  const ArrayType = ARRAY_TYPES[dtype];
  const aligned = bytes.byteOffset % ArrayType.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new ArrayType(aligned.buffer, aligned.byteOffset, length);
}

/** Hosts hand over DataViews (Jupyter), ArrayBuffers or typed arrays, often as windows into a larger message. */
function bytesOf(buffer: unknown): Uint8Array<ArrayBuffer> | null {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  if (ArrayBuffer.isView(buffer)) {
    return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
  }
  return null;
}
