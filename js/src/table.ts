/** The table of parameters, as Python tells it. */
import type { Offer, Options, Parameter } from "./protocol";

/** What there is to choose, as far as parameters go. */
export type Table = Pick<Options, "parameters">;

export function parameterOf(options: Table | null, name: string): Parameter | undefined {
  return options?.parameters.find((parameter) => parameter.name === name);
}

/** The values that a parameter can have, where there is a choice. */
export function offersOf(options: Table | null, name: string): readonly Offer[] {
  return parameterOf(options, name)?.control.offers ?? [];
}

/** A value in words. */
export function titleOfOffer(options: Table | null, name: string, key: string): string {
  return offersOf(options, name).find((offer) => offer.key === key)?.title ?? key;
}
