export const SettingsLayout = () => <h1>SettingsLayout</h1>;
