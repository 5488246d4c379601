/**
 * Arrows with a thin halo, so that they are legible on any colour. Each is one rectangle; the fragment shader measures its
 * distance to the arrow, which gives smooth edges, heads that keep their size on the screen, and the halo in one pass.
 */
import {
  type DefaultProps,
  Layer,
  type LayerDataSource,
  type LayerProps,
  project32,
  type UpdateParameters,
} from "@deck.gl/core";
import { Geometry, Model } from "@luma.gl/engine";
import type { Rgb } from "./rgb";

const uniformBlock = /* glsl */ `\
layout(std140) uniform arrowsUniforms {
  vec3 ink;
  vec3 halo;
  float width;
  float head;
  float haloWidth;
} arrows;
`;

const uniforms = {
  name: "arrows",
  vs: uniformBlock,
  fs: uniformBlock,
  uniformTypes: { ink: "vec3<f32>", halo: "vec3<f32>", width: "f32", head: "f32", haloWidth: "f32" },
} as const;

// Distances are in CSS pixels: x along the arrow from its foot, y across.
const vs = /* glsl */ `\
#version 300 es
#define SHADER_NAME arrows-layer-vertex
in vec2 corners;
in vec3 instanceFeet;
in vec3 instanceSteps;
in float instanceOpacities;
out vec2 at;
flat out float reach;
flat out float pixel;
flat out float opacity;

void main(void) {
  vec4 foot = project_position_to_clipspace(instanceFeet, vec3(0.0), vec3(0.0), geometry.position);
  vec4 tip = project_position_to_clipspace(instanceFeet + instanceSteps, vec3(0.0), vec3(0.0));
  vec2 step = (tip.xy / tip.w - foot.xy / foot.w) * 0.5 * project.viewportSize / project.devicePixelRatio;
  reach = length(step);
  vec2 along = reach > 0.0 ? step / reach : vec2(1.0, 0.0);
  vec2 across = vec2(-along.y, along.x);
  pixel = 1.0 / project.devicePixelRatio;
  opacity = layer.opacity * instanceOpacities;
  // The halo's corner reaches farther than its width beyond the pointed tip.
  float margin = 3.0 * arrows.haloWidth + 1.0;
  at = vec2(mix(-margin, reach + margin, corners.x), corners.y * (0.5 * arrows.head + margin));
  vec2 pixels = (along * at.x + across * at.y) * project.devicePixelRatio;
  gl_Position = vec4(foot.xy + pixels / (0.5 * project.viewportSize) * foot.w, foot.zw);
}
`;

const fs = /* glsl */ `\
#version 300 es
#define SHADER_NAME arrows-layer-fragment
precision highp float;
in vec2 at;
flat in float reach;
flat in float pixel;
flat in float opacity;
out vec4 fragColor;

// Negative inside.
float distanceToArrow(vec2 p) {
  float headLength = min(arrows.head, 0.7 * reach);
  float halfHead = 0.45 * headLength;
  float shaftEnd = reach - headLength;
  float shaft = length(vec2(p.x - clamp(p.x, 0.0, shaftEnd), p.y)) - 0.5 * arrows.width;
  vec2 outward = normalize(vec2(halfHead, headLength));
  float head = max(shaftEnd - p.x, dot(outward, vec2(p.x - reach, abs(p.y))));
  return min(shaft, head);
}

void main(void) {
  float d = distanceToArrow(at);
  float ink = 1.0 - smoothstep(-0.5 * pixel, 0.5 * pixel, d);
  float cover = 1.0 - smoothstep(arrows.haloWidth - pixel, arrows.haloWidth, d);
  if (cover <= 0.0) discard;
  fragColor = vec4(mix(arrows.halo, arrows.ink, ink), mix(0.85 * cover, 1.0, ink) * opacity);
}
`;

interface OwnProps {
  /** Binary attributes `getFoot` and `getStep`, x, y and z each, and `getOpacity`. */
  data: LayerDataSource<unknown>;
  ink: Rgb;
  halo: Rgb;
  /** In CSS pixels, like the next two. */
  width: number;
  head: number;
  haloWidth: number;
}

export type ArrowsLayerProps = LayerProps & OwnProps;

const defaultProps: DefaultProps<ArrowsLayerProps> = {
  ink: { type: "array", value: [0, 0, 0] as never },
  halo: { type: "array", value: [255, 255, 255] as never },
  width: { type: "number", value: 1, min: 0 },
  head: { type: "number", value: 6, min: 0 },
  haloWidth: { type: "number", value: 1, min: 0 },
};

export class ArrowsLayer extends Layer<OwnProps> {
  static override layerName = "ArrowsLayer";
  static override defaultProps = defaultProps;

  declare state: { model: Model };

  override getShaders() {
    return super.getShaders({ vs, fs, modules: [project32, uniforms] });
  }

  override initializeState(): void {
    this.getAttributeManager()?.addInstanced({
      instanceFeet: { size: 3, type: "float32", accessor: "getFoot" },
      instanceSteps: { size: 3, type: "float32", accessor: "getStep" },
      instanceOpacities: { size: 1, type: "float32", accessor: "getOpacity" },
    });
    this.setState({
      model: new Model(this.context.device, {
        ...this.getShaders(),
        id: this.props.id,
        bufferLayout: this.getAttributeManager()?.getBufferLayouts() ?? [],
        geometry: new Geometry({
          topology: "triangle-strip",
          attributes: { corners: { size: 2, value: new Float32Array([0, -1, 0, 1, 1, -1, 1, 1]) } },
        }),
        isInstanced: true,
      }),
    });
  }

  override updateState(params: UpdateParameters<this>): void {
    super.updateState(params);
    const { ink, halo, width, head, haloWidth } = params.props;
    this.state.model.shaderInputs.setProps({
      arrows: { ink: unit(ink), halo: unit(halo), width, head, haloWidth },
    });
  }

  override draw(): void {
    this.state.model.draw(this.context.renderPass);
  }
}

const unit = (rgb: Rgb) => rgb.map((channel) => channel / 255);
