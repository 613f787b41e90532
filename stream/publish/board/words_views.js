// The words of the views behind the floor: scores, places, agents and their numbers.
export const WORDS_OF_VIEWS = {
  en: {},
  zh: {},
};
