/**
 * Cells as round points of a size on the screen, one vertex each. deck.gl's own ScatterplotLayer draws an instanced quad
 * per cell, many times slower where WebGL runs in software, as on remote desktops.
 */
import {
  type DefaultProps,
  Layer,
  type LayerContext,
  type LayerDataSource,
  type LayerProps,
  type UpdateParameters,
} from "@deck.gl/core";
import { Buffer } from "@luma.gl/core";
import { Model } from "@luma.gl/engine";

const uniformBlock = /* glsl */ `\
layout(std140) uniform pointsUniforms {
  mat4 toClipspace;
  float radius;
  float opacity;
} points;
`;

const uniforms = {
  name: "points",
  vs: uniformBlock,
  fs: uniformBlock,
  uniformTypes: { toClipspace: "mat4x4<f32>", radius: "f32", opacity: "f32" },
} as const;

// One multiplication instead of deck.gl's projection, which knows of globes, and none of its hooks: in software, every
// line of a vertex counts.
// Opacity is the share of the colour, as in what is exported; deck.gl's `layer.opacity` is brightened for the eye.
const vs = /* glsl */ `\
#version 300 es
#define SHADER_NAME points-layer-vertex
in vec3 positions;
in vec4 colors;
out vec4 vColor;

void main(void) {
  gl_Position = points.toClipspace * vec4(positions, 1.0);
  gl_PointSize = 2.0 * points.radius + 1.0;
  vColor = vec4(colors.rgb, colors.a * points.opacity);
}
`;

// The edge is smoothed over one device pixel, for which the vertex shader left room.
const fs = /* glsl */ `\
#version 300 es
#define SHADER_NAME points-layer-fragment
precision highp float;
in vec4 vColor;
out vec4 fragColor;

void main(void) {
  float fromEdge = points.radius - length(gl_PointCoord * 2.0 - 1.0) * (points.radius + 0.5);
  if (fromEdge <= -0.5) discard;
  fragColor = vec4(vColor.rgb, vColor.a * min(fromEdge + 0.5, 1.0));
}
`;

interface OwnProps {
  /** Binary attributes `getPosition` (x, y, z) and `getColor` (red, green, blue, opacity). */
  data: LayerDataSource<unknown>;
  /** Indices of the cells to draw, first to last. */
  order: Uint32Array;
  /** In CSS pixels. */
  radius: number;
}

export type PointsLayerProps = LayerProps & OwnProps;

const defaultProps: DefaultProps<PointsLayerProps> = {
  order: { type: "object", value: new Uint32Array() },
  radius: { type: "number", value: 2, min: 0 },
};

export class PointsLayer extends Layer<OwnProps> {
  static override layerName = "PointsLayer";
  static override defaultProps = defaultProps;

  declare state: { model: Model; indices?: Buffer };

  override getShaders() {
    return super.getShaders({ vs, fs, modules: [uniforms] });
  }

  override initializeState(): void {
    this.getAttributeManager()?.add({
      positions: { size: 3, type: "float32", accessor: "getPosition" },
      colors: { size: 4, type: "unorm8", accessor: "getColor" },
    });
    this.setState({
      model: new Model(this.context.device, {
        ...this.getShaders(),
        id: this.props.id,
        topology: "point-list",
        bufferLayout: this.getAttributeManager()?.getBufferLayouts() ?? [],
      }),
    });
  }

  override updateState(params: UpdateParameters<this>): void {
    super.updateState(params);
    const { order } = params.props;
    if (order === params.oldProps.order && this.state.indices) return;
    this.state.indices?.destroy();
    const indices = this.context.device.createBuffer({ usage: Buffer.INDEX, indexType: "uint32", data: order });
    this.setState({ indices });
    this.state.model.setIndexBuffer(indices);
    this.state.model.setVertexCount(order.length);
  }

  override draw(): void {
    if (!this.props.order.length) return;
    const { model } = this.state;
    const { opacity } = this.props;
    const radius = this.props.radius * this.context.device.getDefaultCanvasContext().cssToDeviceRatio();
    const toClipspace = this.context.viewport.viewProjectionMatrix;
    model.shaderInputs.setProps({ points: { toClipspace, radius, opacity } });
    model.draw(this.context.renderPass);
  }

  override finalizeState(context: LayerContext): void {
    this.state.indices?.destroy();
    super.finalizeState(context);
  }
}
