export function hasWebGL2(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  // A page has few contexts to give.
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null;
}
