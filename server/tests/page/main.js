export const greeting = "hello, ".repeat(3);
