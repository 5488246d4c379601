/** Line icons, drawn in the colour of the text. */
import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="vw-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {children}
    </svg>
  );
}

export const PlusIcon = () => (
  <Icon>
    <path d="M8 3v10M3 8h10" />
  </Icon>
);

export const MinusIcon = () => (
  <Icon>
    <path d="M3 8h10" />
  </Icon>
);

export const FitIcon = () => (
  <Icon>
    <path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" />
  </Icon>
);

export const HomeIcon = () => (
  <Icon>
    <path d="M2.5 8L8 3l5.5 5M4.2 6.8v6.2h7.6V6.8" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="M4 4l8 8M12 4l-8 8" />
  </Icon>
);

export const PauseIcon = () => (
  <Icon>
    <path d="M5.5 3.5v9M10.5 3.5v9" />
  </Icon>
);

export const PlayIcon = () => (
  <Icon>
    <path d="M5 3.5l7 4.5-7 4.5z" />
  </Icon>
);

export const LassoIcon = () => (
  <Icon>
    <path d="M5 10.5C3.3 9.8 2.2 8.6 2.2 7.1 2.2 4.7 4.8 2.8 8 2.8s5.8 1.9 5.8 4.3S11.2 11.4 8 11.4c-.9 0-1.6-.1-2.3-.3M5 10.5a1.2 1.2 0 1 0 .9 1.9c.4 1-.3 1.6-1.6 1.6" />
  </Icon>
);

export const BoxIcon = () => (
  <Icon>
    <path d="M3 3h10v10H3z" stroke-dasharray="2.4 2.4" />
  </Icon>
);

export const PreviousIcon = () => (
  <Icon>
    <path d="M11.5 4L7 8l4.5 4M4.5 4v8" />
  </Icon>
);

export const NextIcon = () => (
  <Icon>
    <path d="M4.5 4L9 8l-4.5 4M11.5 4v8" />
  </Icon>
);

export const SaveIcon = () => (
  <Icon>
    <path d="M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.2h10" />
  </Icon>
);

export const FullIcon = () => (
  <Icon>
    <path d="M9.5 2.5h4v4M13.5 2.5l-4.5 4.5M6.5 13.5h-4v-4M2.5 13.5L7 9" />
  </Icon>
);
