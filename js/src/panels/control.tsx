/** The control of a parameter, by the kind that the table gives it; and the controls of a group. */
import type { ComponentType } from "preact";
import type { Parameter } from "../protocol";
import { matters, titleOf } from "../state/in-use";
import type { Store } from "../state/store";
import type { Traits } from "../state/traits";
import { parameterOf } from "../table";
import { CellsChooser } from "./cells-chooser";
import { Choice } from "./choice";
import { Count } from "./count";
import { Genes } from "./genes";
import { reasonWithoutKernel } from "./kernel";
import { Refused } from "./messages";
import { Off, whyNoArrows, whyNoPicture } from "./off";
import { NumberSlider } from "./slider";
import { Toggle } from "./toggle";

/** Controls that are made for one parameter each, by its name. */
export type Own = Readonly<Record<string, ComponentType<{ store: Store }>>>;

/** The controls of a group that have an effect with the present parameters. */
export function Group({ store, group, own = {} }: { store: Store; group: string; own?: Own }) {
  const parameters = store.options.value?.parameters ?? [];
  return parameters
    .filter((parameter) => parameter.group === group && !parameter.within && matters(parameter, store))
    .map((parameter) => {
      const { name } = parameter;
      const Made = own[name];
      const control = Made ? <Made store={store} /> : <Control store={store} name={name} />;
      return (
        <Off key={name} reason={whyOff(store, parameter)}>
          {control}
        </Off>
      );
    });
}

/** Why a control is off for now; null if it is not. */
function whyOff(store: Store, { group, when, instant }: Parameter): string | null {
  const withoutKernel = instant ? null : reasonWithoutKernel(store);
  if (withoutKernel !== null) return withoutKernel;
  if (group === "drawing" && when.field) return whyNoArrows(store);
  return group === "drawing" || group === "view" ? whyNoPicture(store) : null;
}

/** The control of a parameter; none until Python has told of it. */
export function Control({ store, name }: { store: Store; name: string }) {
  const parameter = parameterOf(store.options.value, name);
  if (!parameter) return null;
  const props = {
    parameter,
    title: titleOf(parameter, store),
    help: parameter.reason ?? parameter.help,
    value: store.traits[name as keyof Traits].value as never,
    disabled: parameter.reason !== null,
    set: (value: unknown) => store.setTogether({ [name]: value }),
  };
  const refused = <Refused store={store} traits={[name]} />;
  switch (parameter.control.kind) {
    case "choice":
      return (
        <Choice {...props} offers={parameter.control.offers} onChange={props.set}>
          {refused}
        </Choice>
      );
    case "log_slider":
    case "slider":
      return <NumberSlider {...props}>{refused}</NumberSlider>;
    case "count":
      return <Count {...props}>{refused}</Count>;
    case "toggle":
      return <Toggle {...props}>{refused}</Toggle>;
    case "genes":
      return (
        <Genes {...props} inUse={store.genesInUse.value}>
          {refused}
        </Genes>
      );
    case "cells":
      return (
        <CellsChooser {...props} store={store} trait={name as "start_ixs" | "stop_ixs"}>
          {refused}
        </CellsChooser>
      );
    case "own":
      return null;
  }
}
