/** Of arrows, lines and particles. */
import type { Rgb } from "../layers/rgb";
import type { ThemeName } from "../theme/theme";

export const INK: Record<ThemeName, { ink: Rgb; halo: Rgb }> = {
  light: { ink: [24, 24, 27], halo: [255, 255, 255] },
  dark: { ink: [250, 250, 250], halo: [16, 16, 18] },
};
