export const AddHostPage = () => <h1>AddHostPage</h1>;
