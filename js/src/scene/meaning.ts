/** What the numbers say that cells are coloured by and that are not the data's own. */
export const MEANING: Readonly<Record<string, string>> = {
  fidelity:
    "Does the arrow here do what the chain does among the genes? 1: it orders the neighbours alike. 0: it has nothing to do with it.",
  support: "Do velocities point at neighbours better than with shuffled genes? 1: far better. 0: no better than noise.",
  entropy: "How evenly the chain spreads. This follows from the softmax scale; it says nothing about belief.",
};
