package dev.slipway.cli.archive;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          *.log              ; a.log          ; true
          *.log              ; .log           ; true
          *.log              ; b/a.log        ; false
          **/*.log           ; a.log          ; true
          **/*.log           ; b/c/a.log      ; true
          docs/**            ; docs           ; true
          docs/**            ; docs/a/b       ; true
          docs/**            ; docs2/a        ; false
          a/*/c              ; a/b/c          ; true
          a/*/c              ; a/c            ; false
          a/**/c             ; a/c            ; true
          a/**/c             ; a/b/d/c        ; true
          a?c                ; abc            ; true
          a?c                ; a/c            ; false
          file.[ch]          ; file.c         ; true
          file.[!ch]         ; file.c         ; false
          [a-c].txt          ; b.txt          ; true
          *.{js,ts}          ; main.ts        ; true
          *.{js,ts}          ; main.tsx       ; false
          {a,b/{c,d}}/x      ; b/d/x          ; true
          @(one|two).md      ; two.md         ; true
          +(ab).txt          ; abab.txt       ; true
          ?(x)y              ; y              ; true
          !(keep).txt        ; other.txt      ; true
          a\\*b              ; a*b            ; true
          a\\*b              ; axb            ; false
          a+b(c).txt         ; a+b(c).txt     ; true
          [                  ; [              ; true
          {a                 ; {a             ; true
          @(a                ; @(a            ; true
          .env               ; xenv           ; false
          """)
  void matchesAsTheOfficialCommandDoes(String glob, String path, boolean expected) {
    assertThat(Glob.compile(glob).matcher(path).matches()).isEqualTo(expected);
  }
}
