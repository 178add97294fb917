// SPDX-License-Identifier: Apache-2.0
// The main function of the unit tests: doctest's own, stricter in two ways.
//  - A run in which no test case matched the filters fails, so a misspelt suite cannot pass.
//  - `--known-suites=a,b,c` runs nothing and checks that every test case belongs to one of these
//    suites, that each of them has one, and that no test case is marked to be skipped or to fail.
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstring>
#include <doctest/doctest.h>
#include <iostream>
#include <set>
#include <string>

namespace {

std::set<std::string> g_known_suites;
unsigned g_test_cases_run = 0;
bool g_suites_are_sound = true;

class Observer : public doctest::IReporter {
 public:
  explicit Observer(const doctest::ContextOptions&) {}

  void report_query(const doctest::QueryData& query) override {
    std::set<std::string> empty_suites = g_known_suites;
    for (unsigned i = 0; i < query.num_data; ++i) {
      const doctest::TestCaseData& test = *query.data[i];
      empty_suites.erase(test.m_test_suite);
      if (!g_known_suites.contains(test.m_test_suite)) {
        complain(test, "belongs to no suite that is named after a test file");
      }
      if (test.m_skip || test.m_may_fail || test.m_should_fail || test.m_expected_failures != 0) {
        complain(test, "is marked to be skipped or to fail");
      }
    }
    for (const std::string& suite : empty_suites) {
      std::cerr << suite << "_test.cpp: has no test case in TEST_SUITE(\"" << suite << "\")\n";
      g_suites_are_sound = false;
    }
  }

  void test_run_end(const doctest::TestRunStats& stats) override {
    g_test_cases_run = stats.numTestCasesPassingFilters;
  }

  void test_run_start() override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  static void complain(const doctest::TestCaseData& test, const char* what) {
    std::cerr << test.m_file.c_str() << ':' << test.m_line << ": \"" << test.m_name << "\" " << what
              << '\n';
    g_suites_are_sound = false;
  }
};

DOCTEST_REGISTER_LISTENER("observer", 1, Observer);

void read_known_suites(const char* list) {
  const char* rest = list;
  while (*rest != '\0') {
    const std::size_t length = std::strcspn(rest, ",");
    g_known_suites.emplace(rest, length);
    rest += length + (rest[length] == ',' ? 1 : 0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  constexpr const char kKnownSuites[] = "--known-suites=";
  if (argc == 2 && std::strncmp(argv[1], kKnownSuites, sizeof kKnownSuites - 1) == 0) {
    read_known_suites(argv[1] + sizeof kKnownSuites - 1);
    // setOption() takes no flags that ask something.
    const char* arguments[] = {argv[0], "--list-test-cases"};
    doctest::Context(2, arguments).run();
    return g_suites_are_sound ? 0 : 1;
  }
  doctest::Context context(argc, argv);
  const int status = context.run();
  if (context.shouldExit()) return status;
  if (g_test_cases_run == 0) {
    std::cerr << "no test case matches\n";
    return 1;
  }
  return status;
}
