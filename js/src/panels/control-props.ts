import type { Parameter } from "../protocol";

/** What the control of one kind is given. */
export interface ControlProps<Value> {
  title: string;
  help: string;
  parameter: Parameter;
  value: Value;
  disabled: boolean;
  set(value: Value): void;
}
