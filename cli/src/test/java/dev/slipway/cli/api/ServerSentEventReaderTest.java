package dev.slipway.cli.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.api.ServerSentEventReader.Block;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The parsing of the HTML standard, section 9.2.6.
class ServerSentEventReaderTest {

  @Test
  void aBlockHasAnIdAndData() throws Exception {
    assertThat(blocks("id: 7\ndata: {\"a\":1}\n\n")).containsExactly(new Block("7", "{\"a\":1}"));
  }

  @Test
  void theIdStaysUntilThereIsAnother() throws Exception {
    assertThat(blocks("id: 7\n\ndata: a\n\nid: 8\ndata: b\n\n"))
        .containsExactly(new Block("7", null), new Block("7", "a"), new Block("8", "b"));
  }

  @Test
  void commentsAndUnknownFieldsAreNothing() throws Exception {
    assertThat(blocks(": heartbeat\nretry: 1000\nevent: x\nid: 9\n\n"))
        .containsExactly(new Block("9", null));
  }

  @Test
  void linesOfDataAreJoined() throws Exception {
    assertThat(blocks("data: a\ndata\ndata:b\n\n")).containsExactly(new Block(null, "a\n\nb"));
  }

  @Test
  void lineEndsOfEveryKindAreTaken() throws Exception {
    assertThat(blocks("id: 1\r\ndata: a\r\n\r\nid: 2\rdata: b\r\r"))
        .containsExactly(new Block("1", "a"), new Block("2", "b"));
  }

  @Test
  void whatWasCutOffIsNoBlockAndItsIdDoesNotCount() throws Exception {
    assertThat(blocks("id: 1\ndata: a\n\nid: 2\ndata: b\n")).containsExactly(new Block("1", "a"));
  }

  @Test
  void anIdWithZeroIsIgnored() throws Exception {
    assertThat(blocks("id: 1\n\nid: 2\0\n\n"))
        .containsExactly(new Block("1", null), new Block("1", null));
  }

  private static List<Block> blocks(String text) throws IOException {
    var reader = new ServerSentEventReader(new BufferedReader(new StringReader(text)));
    List<Block> blocks = new ArrayList<>();
    for (Optional<Block> next = reader.next(); next.isPresent(); next = reader.next()) {
      blocks.add(next.get());
    }
    return blocks;
  }
}
