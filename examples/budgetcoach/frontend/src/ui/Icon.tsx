// The icon set: 24-unit stroke paths, drawn for this app, hidden from screen readers.

const PATHS = {
  home: "M4 11.5 12 5l8 6.5M6.5 10v9h11v-9M10 19v-5h4v5",
  list: "M4 6.5h16M4 12h16M4 17.5h10",
  upload: "M12 15.5V4.5M7.5 9 12 4.5 16.5 9M5 15v4.5h14V15",
  target: "M12 3.5a8.5 8.5 0 1 0 8.5 8.5M12 8a4 4 0 1 0 4 4M12 12l8-8M17 4v3h3",
  chat: "M4.5 5.5h15v10h-8l-4 4v-4h-3zM8.5 9.5h7M8.5 12.5h4",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4",
  gear: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M12 3.5v2.7M12 17.8v2.7M3.5 12h2.7M17.8 12h2.7M6 6l1.9 1.9M16.1 16.1 18 18M18 6l-1.9 1.9M7.9 16.1 6 18",
  plus: "M12 5v14M5 12h14",
  edit: "M5 19h3.5L19 8.5 15.5 5 5 15.5zM13.5 7l3.5 3.5",
  trash: "M5 7h14M9.5 7V4.5h5V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v5.5M13.5 10.5v5.5",
  close: "M6 6l12 12M18 6 6 18",
  left: "M14.5 5.5 8 12l6.5 6.5",
  right: "M9.5 5.5 16 12l-6.5 6.5",
  search: "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12M15 15l5 5",
  check: "M5 12.5 10 17.5 19 7",
  warn: "M12 4 21 19.5H3zM12 10v4.5M12 17v.2",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 11v5.5M12 7.8v.2",
  logout: "M14 4.5H5v15h9M10 12h10M16.5 8.5 20 12l-3.5 3.5",
  send: "M4 12 20 4.5 15 20l-3.5-6.5zM11.5 13.5 20 4.5",
  spark: "M12 3.5 14 10l6.5 2-6.5 2-2 6.5-2-6.5L3.5 12 10 10z",
  trend: "M4 17 10 11l4 4 6.5-7.5M15.5 7.5h5v5",
  repeat: "M5 11a7 7 0 0 1 12-4l2 2M19 4.5V9h-4.5M19 13a7 7 0 0 1-12 4l-2-2M5 19.5V15h4.5",
  coin: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M14.8 9.2c-.6-.8-1.6-1.2-2.8-1.2-1.6 0-2.7.8-2.7 2 0 2.8 5.6 1.2 5.6 4 0 1.2-1.2 2-2.9 2-1.3 0-2.4-.5-3-1.3M12 6.5v11",
  mail: "M3.5 6h17v12.5h-17zM3.5 6.5 12 13l8.5-6.5",
  file: "M6.5 3.5h7l4 4v13h-11zM13.5 3.5v4h4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" className="logo-plate" />
      <path d="M8 21.5 13.5 15l4 3.5L24 10" className="logo-line" />
      <circle cx="24" cy="10" r="3" className="logo-dot" />
    </svg>
  );
}
