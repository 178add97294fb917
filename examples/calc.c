// SPDX-License-Identifier: Apache-2.0
// A line-oriented calculator: reads expressions and assignments from stdin, prints each result.
//   + - * / % ^ ( )   sqrt sin cos exp ln abs floor   names hold values; `ans` is the last result
// Operator precedence by two explicit stacks (Dijkstra's shunting yard), so nesting costs no
// native stack.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMaxLine = 1024, kMaxName = 32, kMaxVariables = 256 };

typedef struct {
  char name[kMaxName];
  double value;
} Variable;

static Variable variables[kMaxVariables];
static int variable_count;

typedef struct {
  const char* name;
  double (*call)(double);
} Function;

static const Function functions[] = {
    {"sqrt", sqrt}, {"sin", sin},  {"cos", cos},     {"exp", exp},
    {"ln", log},    {"abs", fabs}, {"floor", floor},
};

// An operator waiting for its right operand. A function name waits like a prefix operator.
typedef struct {
  char symbol;  // + - * / % ^, n for negation, f for a function, ( for an open parenthesis
  const Function* function;
} Operator;

typedef struct {
  const char* at;
  const char* error;  // the first one; NULL while all is well
  double values[kMaxLine];
  int value_count;
  Operator operators[kMaxLine];
  int operator_count;
} Parser;

static void fail(Parser* parser, const char* error) {
  if (!parser->error) parser->error = error;
}

static void skip_spaces(Parser* parser) {
  while (isspace((unsigned char)*parser->at)) ++parser->at;
}

static int read_name(Parser* parser, char name[kMaxName]) {
  int length = 0;
  while (isalnum((unsigned char)*parser->at) || *parser->at == '_') {
    if (length + 1 >= kMaxName) return fail(parser, "name too long"), 0;
    name[length++] = *parser->at++;
  }
  name[length] = '\0';
  return length;
}

static Variable* find_variable(const char* name) {
  for (int i = 0; i < variable_count; ++i) {
    if (strcmp(variables[i].name, name) == 0) return &variables[i];
  }
  return NULL;
}

static int set_variable(const char* name, double value) {
  Variable* variable = find_variable(name);
  if (!variable) {
    if (variable_count == kMaxVariables) return 0;
    variable = &variables[variable_count++];
    strcpy(variable->name, name);
  }
  variable->value = value;
  return 1;
}

static const Function* find_function(const char* name) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
    if (strcmp(functions[i].name, name) == 0) return &functions[i];
  }
  return NULL;
}

static int precedence(char symbol) {
  switch (symbol) {
    case '+':
    case '-':
      return 1;
    case '*':
    case '/':
    case '%':
      return 2;
    case 'n':
      return 3;
    case '^':
      return 4;
    case 'f':
      return 5;
    default:
      return 0;  // an open parenthesis holds everything below it back
  }
}

// A line is shorter than either stack, so pushing needs no check.
static void push_value(Parser* parser, double value) {
  parser->values[parser->value_count++] = value;
}

static void push_operator(Parser* parser, char symbol, const Function* function) {
  parser->operators[parser->operator_count++] = (Operator){symbol, function};
}

static void apply_top(Parser* parser) {
  Operator top = parser->operators[--parser->operator_count];
  double right = parser->values[--parser->value_count];
  if (top.symbol == 'n') return push_value(parser, -right);
  if (top.symbol == 'f') return push_value(parser, top.function->call(right));
  double left = parser->values[--parser->value_count];
  if ((top.symbol == '/' || top.symbol == '%') && right == 0) fail(parser, "division by zero");
  switch (top.symbol) {
    case '+':
      return push_value(parser, left + right);
    case '-':
      return push_value(parser, left - right);
    case '*':
      return push_value(parser, left * right);
    case '/':
      return push_value(parser, left / right);
    case '%':
      return push_value(parser, fmod(left, right));
    default:
      return push_value(parser, pow(left, right));
  }
}

// Applies what binds at least as tightly as the operator to come; `^` groups from the right.
static void apply_before(Parser* parser, char symbol) {
  while (parser->operator_count > 0) {
    int waiting = precedence(parser->operators[parser->operator_count - 1].symbol);
    if (waiting == 0 || waiting < precedence(symbol) || (symbol == '^' && waiting == 4)) return;
    apply_top(parser);
  }
}

static void read_number(Parser* parser) {
  char* end;
  double value = strtod(parser->at, &end);
  parser->at = end;
  push_value(parser, value);
}

// Reads an operand, or a prefix after which an operand is still wanted. Returns whether it was one.
static int read_operand(Parser* parser) {
  char c = *parser->at;
  if (isdigit((unsigned char)c) || c == '.') {
    const char* before = parser->at;
    read_number(parser);
    if (parser->at == before) fail(parser, "expected a number");
    return 1;
  }
  if (c == '-' || c == '+' || c == '(') {
    ++parser->at;
    if (c != '+') push_operator(parser, c == '-' ? 'n' : '(', NULL);
    return 0;
  }
  char name[kMaxName];
  const char* start = parser->at;
  if (!read_name(parser, name)) {
    fail(parser, c ? "expected a number, a name or (" : "expected an operand");
    return 1;
  }
  const Function* function = find_function(name);
  if (function) {
    push_operator(parser, 'f', function);
    return 0;
  }
  const Variable* variable = find_variable(name);
  if (!variable) {
    parser->at = start;
    fail(parser, "unknown name");
    return 1;
  }
  push_value(parser, variable->value);
  return 1;
}

// Reads what may follow an operand. Returns whether an operand must follow.
static int read_operator(Parser* parser) {
  char c = *parser->at;
  if (c == ')') {
    while (parser->operator_count > 0 &&
           parser->operators[parser->operator_count - 1].symbol != '(') {
      apply_top(parser);
    }
    if (parser->operator_count == 0) return fail(parser, "unmatched )"), 0;
    --parser->operator_count;
    ++parser->at;
    return 0;
  }
  if (!c || !strchr("+-*/%^", c)) return fail(parser, "expected an operator"), 0;
  apply_before(parser, c);
  push_operator(parser, c, NULL);
  ++parser->at;
  return 1;
}

static double evaluate(Parser* parser) {
  int want_operand = 1;
  while (!parser->error) {
    skip_spaces(parser);
    if (want_operand) {
      want_operand = !read_operand(parser);
    } else if (*parser->at == '\0' || *parser->at == '#') {
      break;
    } else {
      want_operand = read_operator(parser);
    }
  }
  while (!parser->error && parser->operator_count > 0) {
    if (parser->operators[parser->operator_count - 1].symbol == '(') {
      fail(parser, "missing )");
    } else {
      apply_top(parser);
    }
  }
  return parser->error ? 0 : parser->values[0];
}

// Reads `name =` if the line starts so; otherwise the name is left for the expression.
static void read_target(Parser* parser, char name[kMaxName]) {
  skip_spaces(parser);
  const char* start = parser->at;
  if (!isdigit((unsigned char)*start) && read_name(parser, name)) {
    skip_spaces(parser);
    if (*parser->at == '=') {
      ++parser->at;
      return;
    }
  }
  name[0] = '\0';
  parser->at = start;
}

static int run_line(const char* line, int number) {
  static Parser parser;  // large: kept off the stack
  parser = (Parser){.at = line};
  skip_spaces(&parser);
  if (*parser.at == '\0' || *parser.at == '#') return 1;
  char name[kMaxName];
  read_target(&parser, name);
  double value = evaluate(&parser);
  if (!parser.error && name[0] && find_function(name)) fail(&parser, "a function has this name");
  if (!parser.error && !(set_variable("ans", value) && (!name[0] || set_variable(name, value)))) {
    fail(&parser, "too many names");
  }
  if (parser.error) {
    fflush(stdout);
    fprintf(stderr, "calc: line %d, column %d: %s\n", number, (int)(parser.at - line) + 1,
            parser.error);
    return 0;
  }
  if (name[0]) printf("%s = ", name);
  printf("%.12g\n", value);
  return 1;
}

int main(void) {
  static char line[kMaxLine];
  int failures = 0;
  set_variable("pi", 3.141592653589793);
  for (int number = 1; fgets(line, sizeof line, stdin); ++number) {
    if (!strchr(line, '\n') && !feof(stdin)) {
      fprintf(stderr, "calc: line %d: longer than %d bytes\n", number, kMaxLine - 2);
      return 1;
    }
    failures += !run_line(line, number);
    fflush(stdout);
  }
  return failures ? 1 : 0;
}
