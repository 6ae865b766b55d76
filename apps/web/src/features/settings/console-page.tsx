export const ConsolePage = () => <h1>ConsolePage</h1>;
