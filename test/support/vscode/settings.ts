/** The colour themes in which screenshots are taken, by the name of the screenshot's suffix. */
export const themes = {
  dark: "Default Dark Modern",
  light: "Default Light Modern",
  "high-contrast-dark": "Default High Contrast",
  "high-contrast-light": "Default High Contrast Light",
} as const;

export type ThemeName = keyof typeof themes;

/** User settings for windows under test: nothing pops up, nothing asks the network, terminals can be read. */
export const quietSettings = {
  "workbench.colorTheme": themes.dark,
  "window.autoDetectColorScheme": false,
  "window.autoDetectHighContrast": false,
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "chat.disableAIFeatures": true,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.openRepositoryInParentFolders": "never",
  "telemetry.telemetryLevel": "off",
  // The renderer that writes text into the page instead of painting it.
  "terminal.integrated.gpuAcceleration": "off",
  "terminal.integrated.enableMultiLinePasteWarning": "never",
  "security.workspace.trust.startupPrompt": "never",
} as const;
