import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import lit from "eslint-plugin-lit";
import a11y from "eslint-plugin-lit-a11y";
import wc from "eslint-plugin-wc";
import ts from "typescript-eslint";

export default defineConfig(
  { ignores: ["**/dist"] },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/explicit-function-return-type": ["error", { allowExpressions: true }],
      "@typescript-eslint/explicit-member-accessibility": ["error", { accessibility: "no-public" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      eqeqeq: "error",
    },
  },
  {
    files: ["elements/src/**", "shop/src/**"],
    extends: [lit.configs["flat/recommended"], a11y.configs.recommended, wc.configs["flat/recommended"]],
  },
  { files: ["**/*.js"], extends: [ts.configs.disableTypeChecked] },
);
