namespace Nitro.Simulation

/// What goes wrong, in thousandths of the occasions for it.
type internal Faults =
    { // Network, per frame or answer
      /// A frame is lost on its way.
      Lost: int
      /// It is taken, but the answer is lost.
      AnswerLost: int
      /// It arrives a second time, later.
      Repeated: int
      /// It is under way for up to a minute, so that later ones overtake it.
      Delayed: int
      /// Two nodes, or one and all others, cannot reach each other for a while; per minute.
      Partition: int

      // Process, per append
      CrashBeforeAppend: int
      /// Only the first steps of the group became durable.
      TornAppend: int
      CrashAfterAppend: int
      /// The append is refused; the operator restarts the node later.
      DiskFull: int
      /// At any moment, so also between an effect and its outcome; per minute and node.
      Crash: int
      /// The node comes back only after so long that deadlines pass; per death.
      LongOutage: int
      /// A new epoch of the journal is opened; per minute and node.
      Epoch: int
      /// The node's clock is set forward or back by up to an hour; per minute and node.
      ClockJump: int

      // Signer, per request
      SignerSlow: int
      /// Answers nothing for a while.
      SignerAway: int
      SignerTwice: int
      SignerRefuses: int
      SignerWrong: int

      // Chain
      /// Per transaction and block.
      TransactionDelayed: int
      TransactionDropped: int
      /// The fee is raised: the transaction goes to the end of the line.
      TransactionReplaced: int
      /// The last blocks are replaced, up to three beyond the confirmation depth; per block.
      Reorg: int
      /// A node's view stands still for a while; per block and node.
      ViewLags: int
      /// A node is shown blocks that the others never see; per block and node.
      ViewLies: int
      /// A stranger pays into a channel; per block.
      Gift: int }

module internal Faults =
    let none =
        { Lost = 0
          AnswerLost = 0
          Repeated = 0
          Delayed = 0
          Partition = 0
          CrashBeforeAppend = 0
          TornAppend = 0
          CrashAfterAppend = 0
          DiskFull = 0
          Crash = 0
          LongOutage = 0
          Epoch = 0
          ClockJump = 0
          SignerSlow = 0
          SignerAway = 0
          SignerTwice = 0
          SignerRefuses = 0
          SignerWrong = 0
          TransactionDelayed = 0
          TransactionDropped = 0
          TransactionReplaced = 0
          Reorg = 0
          ViewLags = 0
          ViewLies = 0
          Gift = 0 }

    /// A bad network.
    let network =
        { none with
            Lost = 150
            AnswerLost = 80
            Repeated = 120
            Delayed = 50
            Partition = 100 }

    /// A machine that fails often.
    let crashes =
        { none with
            CrashBeforeAppend = 15
            TornAppend = 15
            CrashAfterAppend = 15
            DiskFull = 4
            Crash = 150
            LongOutage = 80
            Epoch = 60
            ClockJump = 60 }

    let signer =
        { none with
            SignerSlow = 60
            SignerAway = 15
            SignerTwice = 60
            SignerRefuses = 10
            SignerWrong = 20 }

    let chain =
        { none with
            TransactionDelayed = 250
            TransactionDropped = 60
            TransactionReplaced = 60
            Reorg = 40
            ViewLags = 30
            ViewLies = 15
            Gift = 30 }

    /// What the world's weather does to an honest node: its signer never refuses, and no block once final is replaced.
    let rough =
        { network with
            CrashBeforeAppend = 15
            CrashAfterAppend = 15
            SignerSlow = 50
            SignerTwice = 50
            TransactionDelayed = 200 }

    /// Everything at once.
    let all =
        { Lost = 100
          AnswerLost = 50
          Repeated = 80
          Delayed = 40
          Partition = 60
          CrashBeforeAppend = 8
          TornAppend = 8
          CrashAfterAppend = 8
          DiskFull = 2
          Crash = 60
          LongOutage = 60
          Epoch = 40
          ClockJump = 30
          SignerSlow = 40
          SignerAway = 8
          SignerTwice = 40
          SignerRefuses = 5
          SignerWrong = 10
          TransactionDelayed = 150
          TransactionDropped = 40
          TransactionReplaced = 40
          Reorg = 25
          ViewLags = 20
          ViewLies = 10
          Gift = 20 }

    let presets = [ "none", none; "network", network; "crashes", crashes; "signer", signer; "chain", chain; "rough", rough; "all", all ]
